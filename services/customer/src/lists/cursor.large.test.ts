import { testAllCases } from '@clientela/testing';

// The suite of cursors again, with more lists.
testAllCases();
await import('./cursor.test.ts');
