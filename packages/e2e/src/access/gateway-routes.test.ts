import { distinctRoutes } from './expected-access.ts';
import { testGatewayRoutes } from './gateway-routes.ts';

testGatewayRoutes(distinctRoutes); // all: gateway-routes.large.test.ts
