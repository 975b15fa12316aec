import { testAllCases } from '@clientela/testing';

// The suite of rules again, with more random texts.
testAllCases();
await import('./rules.test.ts');
