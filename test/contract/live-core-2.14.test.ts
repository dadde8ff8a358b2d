import path from 'node:path';
import { describeLiveCallback } from './live-suite.ts';

const cache = path.resolve(import.meta.dirname, '../../.cache');

describeLiveCallback('2.14', '/usr/bin', path.join(cache, 'python'));
