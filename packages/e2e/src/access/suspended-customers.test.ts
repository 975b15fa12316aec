import { distinctRoutes } from './expected-access.ts';
import { testSuspendedCustomers } from './suspended-customers.ts';

testSuspendedCustomers(['suspended'], distinctRoutes); // all: suspended-customers.large.test.ts
