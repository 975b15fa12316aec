import { testFaultyDelivery } from './testing/faulty-delivery-tests.ts';
import { transportTest } from './testing/transport-test.ts';

testFaultyDelivery('RabbitMQ', transportTest('RabbitMQ'));
