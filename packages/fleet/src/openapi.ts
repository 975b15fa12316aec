// Moved to commands/openapi.ts.
await import('./commands/openapi.ts');
