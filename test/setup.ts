/**
 * Property tests try the same values in every run, so that a red run can be repeated and a green one means the same
 * tomorrow. To look further: `SEED=random npm run test:unit`, or `SEED=<number>`.
 */
import fc from 'fast-check';

const { SEED } = process.env;
if (SEED !== 'random') fc.configureGlobal({ seed: Number(SEED ?? 20_260_101) });
