export * from './auth.ts';
export * from './customer.ts';
export { Envelope, type EventContract, type EventData } from './event-contract.ts';
export * from './events.ts';
export * from './favorites.ts';
export * from './interaction.ts';
export * from './permissions.ts';
export * from './privacy.ts';
export * from './product.ts';
