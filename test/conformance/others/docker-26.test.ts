import { docker26 } from '../docker-fixtures.ts';
import { conform } from '../suite.ts';

conform(docker26);
