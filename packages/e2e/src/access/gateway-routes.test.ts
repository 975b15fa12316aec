import { routesOfEachKind } from './expected-access.ts';
import { testGatewayRoutes } from './gateway-routes.ts';

testGatewayRoutes(routesOfEachKind); // all: gateway-routes.large.test.ts
