import { testAllCases } from '@clientela/testing';

// The suite of currencies again, with more sequences.
testAllCases();
await import('./currencies.test.ts');
