export { freePort } from '@clientela/fleet';
export { broker, brokerOfItsOwn, testExchange } from './broker.ts';
export { migrationsOf, testDatabase } from './database.ts';
export type { TestDatabase } from './database.ts';
export type { Rabbitmq } from './rabbitmq.ts';
export { testCallers, testSecret, testService } from './service.ts';
export type { Caller, Company, TestParts, TestService } from './service.ts';
export { standIn } from './stand-in.ts';
export type { StandIn } from './stand-in.ts';
