import { testAllCases } from '@clientela/testing';

// The suite of hostile cards again, with more random lines.
testAllCases();
await import('./hostile.test.ts');
