import { docker28 } from '../docker-fixtures.ts';
import { conform } from '../suite.ts';

conform(docker28);
