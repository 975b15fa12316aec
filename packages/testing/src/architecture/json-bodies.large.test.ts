import { testAllCases } from '../some-cases.ts';

// The suite of JSON bodies again, with every service.
testAllCases();
await import('./json-bodies.test.ts');
