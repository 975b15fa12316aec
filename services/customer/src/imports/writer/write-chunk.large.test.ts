import { testAllCases } from '@clientela/testing';

// The suite of the writer again, with every match and every taken value.
testAllCases();
await import('./write-chunk.test.ts');
