import { testAllCases } from '@clientela/testing';

// The suite of malicious files again, with 85 uploads that are measured.
testAllCases();
await import('./malicious-files.test.ts');
