import { docker20 } from '../docker-fixtures.ts';
import { conform } from '../suite.ts';

conform(docker20);
