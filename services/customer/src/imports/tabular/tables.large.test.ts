import { testAllCases } from '@clientela/testing';

// The suite of tables again, with all its long rows.
testAllCases();
await import('./tables.test.ts');
