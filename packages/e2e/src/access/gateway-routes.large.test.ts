import { expectedAccess } from './expected-access.ts';
import { testGatewayRoutes } from './gateway-routes.ts';

testGatewayRoutes(Object.keys(expectedAccess), { hasEveryRole: true });
