import { testRecordBodies } from './record-bodies.ts';

testRecordBodies(() => true, { changes: 13, creations: 15, records: 8, lists: 6 });
