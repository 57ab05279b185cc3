import { podman5 } from '../podman-fixtures.ts';
import { conform } from '../suite.ts';

conform(podman5);
