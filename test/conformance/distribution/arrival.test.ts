import { knowsArrivals } from '../arrival.ts';

knowsArrivals('Docker 20.10', () => Promise.resolve({}));
