import { expectedAccess } from './expected-access.ts';
import { testSuspendedCustomers } from './suspended-customers.ts';

testSuspendedCustomers(['suspended', 'inactive'], Object.keys(expectedAccess));
