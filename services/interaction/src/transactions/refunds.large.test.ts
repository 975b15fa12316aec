import { testAllCases } from '@clientela/testing';

// The suite of refunds again, with more sequences.
testAllCases();
await import('./refunds.test.ts');
