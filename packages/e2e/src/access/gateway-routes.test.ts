import { distinctRoutes } from './expected-access.ts';
import { testGatewayRoutes } from './gateway-routes.ts';

testGatewayRoutes(distinctRoutes, { hasEveryRole: false }); // all routes and roles: gateway-routes.large.test.ts
