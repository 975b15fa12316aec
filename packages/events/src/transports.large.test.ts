import { testBacklogsAndRetries } from './testing/delivery-tests.ts';
import { testFaultyDelivery } from './testing/faulty-delivery-tests.ts';
import { testTransportChange } from './testing/transport-change-tests.ts';
import { transportTest } from './testing/transport-test.ts';

const overRabbitmq = transportTest('RabbitMQ');
testBacklogsAndRetries('RabbitMQ', overRabbitmq);
testFaultyDelivery('RabbitMQ', overRabbitmq);
testTransportChange('from RabbitMQ to HTTP');
