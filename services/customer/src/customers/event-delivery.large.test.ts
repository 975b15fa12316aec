import { testAllCases } from '@clientela/testing';

// The suite of deliveries again, with a hundred changes at once.
testAllCases();
await import('./event-delivery.test.ts');
