import { defineConfig } from 'vitest/config';

// Vitest only because it runs TypeScript on every Node that we support.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['bench.ts', 'monitor.ts', 'heal.ts', 'http.ts', 'cli.ts', 'pages.ts', 'decide.ts'],
    testTimeout: 3_600_000,
    disableConsoleIntercept: true,
  },
});
