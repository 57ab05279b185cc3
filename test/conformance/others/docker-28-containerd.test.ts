import { docker28Containerd } from '../docker-fixtures.ts';
import { conform } from '../suite.ts';

conform(docker28Containerd);
