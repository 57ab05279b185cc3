import { cleansFullDisks } from '../full-disk.ts';

cleansFullDisks('Docker 20.10', () => Promise.resolve({}), 'deletes');
