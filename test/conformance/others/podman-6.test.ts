import { podman6 } from '../podman-fixtures.ts';
import { conform } from '../suite.ts';

conform(podman6);
