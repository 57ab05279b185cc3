import { podman4 } from '../podman-fixtures.ts';
import { conform } from '../suite.ts';

conform(podman4);
