import { testAllCases } from '@clientela/testing';

// The suite of transactions again, with every malformed value.
testAllCases();
await import('./transactions.test.ts');
