import path from 'node:path';
import { describeLiveCallback } from './live-suite.ts';

const cache = path.resolve(import.meta.dirname, '../../.cache');

describeLiveCallback('2.19', path.join(cache, 'core-2.19/bin'), path.join(cache, 'python'));
