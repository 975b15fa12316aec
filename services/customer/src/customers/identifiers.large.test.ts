import { testIdentifiers } from './testing/identifier-tests.ts';

testIdentifiers(['PUT', 'batch create', 'batch update']);
