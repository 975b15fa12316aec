import { testAllCases } from '@clientela/testing';

// The suite of samples again, with every file.
testAllCases();
await import('./samples.test.ts');
