import { testAllCases } from '@clientela/testing';

// The suite of properties again, with more random values.
testAllCases();
await import('./properties.test.ts');
