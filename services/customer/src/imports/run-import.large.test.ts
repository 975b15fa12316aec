import { testAllCases } from '@clientela/testing';

// The suite of imports again, with one that is interrupted in every chunk.
testAllCases();
await import('./run-import.test.ts');
