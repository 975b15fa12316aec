import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  RouterProvider,
} from '@tanstack/react-router';
import { customerSearch } from './customer/tabs.ts';
import { customersSearch } from './customers/search-params.ts';
import { NotFound, RouteError } from './frame/route-states.tsx';
import { pageNumber } from './api/search-params.ts';
import { currentSession, startSession } from './api/session.ts';
import { analyticsSearch } from './analytics/search.ts';
import { auditSearch } from './audit/search.ts';
import { companiesSearch } from './companies/search.ts';
import { complaintsSearch } from './complaints/search.ts';
import { productsSearch } from './products/search.ts';
import { teamSearch } from './team/search.ts';

// Every screen is an address. README.md says how one is added.

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: RouteError });

/** Addresses for people who are not signed in, most of them from mails. */
const signIn = createRoute({
  getParentRoute: () => root,
  path: 'sign-in',
  validateSearch: ({ to }: { to?: unknown }): { to?: string } => (typeof to === 'string' ? { to } : {}),
  component: lazyRouteComponent(() => import('./sign-in/page.tsx'), 'SignInPage'),
});
/** Where providers lead back to. */
const signInReturn = createRoute({
  getParentRoute: () => root,
  path: 'sign-in/return',
  validateSearch: ({ state, to }: { state?: unknown; to?: unknown }): { state?: string; to?: string } => ({
    ...(typeof state === 'string' && { state }),
    ...(typeof to === 'string' && { to }),
  }),
  component: lazyRouteComponent(() => import('./sign-in/return-page.tsx'), 'ReturnPage'),
});
/** Where they lead somebody to whose work waits in another tab. */
const signInAgain = createRoute({
  getParentRoute: () => root,
  path: 'sign-in/again',
  component: lazyRouteComponent(() => import('./sign-in/again-page.tsx'), 'AgainPage'),
});
const forgot = createRoute({
  getParentRoute: () => root,
  path: 'forgot',
  component: lazyRouteComponent(() => import('./sign-in/forgot-page.tsx'), 'ForgotPage'),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: 'reset',
  component: lazyRouteComponent(() => import('./sign-in/reset-page.tsx'), 'ResetPage'),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: 'invite',
  component: lazyRouteComponent(() => import('./sign-in/invite-page.tsx'), 'InvitePage'),
});
const verify = createRoute({
  getParentRoute: () => root,
  path: 'verify',
  component: lazyRouteComponent(() => import('./sign-in/verify-page.tsx'), 'VerifyPage'),
});
const changeEmail = createRoute({
  getParentRoute: () => root,
  path: 'change-email',
  component: lazyRouteComponent(() => import('./sign-in/verify-page.tsx'), 'ChangeEmailPage'),
});

/** The frame around every screen of somebody who is signed in. */
const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  beforeLoad: async ({ location }) => {
    if (currentSession().state === 'unknown') await startSession();
    if (currentSession().state !== 'signed-in') {
      const to = `/console${location.href}`;
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { to } });
    }
  },
  component: lazyRouteComponent(() => import('./frame/frame.tsx'), 'Frame'),
});
const today = createRoute({
  getParentRoute: () => frame,
  path: '/',
  component: lazyRouteComponent(() => import('./today/page.tsx'), 'TodayPage'),
});
const analytics = createRoute({
  getParentRoute: () => frame,
  path: 'analytics',
  validateSearch: analyticsSearch,
  component: lazyRouteComponent(() => import('./analytics/page.tsx'), 'AnalyticsPage'),
});
const products = createRoute({
  getParentRoute: () => frame,
  path: 'products',
  validateSearch: productsSearch,
  component: lazyRouteComponent(() => import('./products/page.tsx'), 'ProductsPage'),
});
const product = createRoute({
  getParentRoute: () => frame,
  path: 'products/$productId',
  component: lazyRouteComponent(() => import('./products/product-page.tsx'), 'ProductPage'),
});
const team = createRoute({
  getParentRoute: () => frame,
  path: 'team',
  validateSearch: teamSearch,
  component: lazyRouteComponent(() => import('./team/page.tsx'), 'TeamPage'),
});
const roles = createRoute({
  getParentRoute: () => frame,
  path: 'team/roles',
  component: lazyRouteComponent(() => import('./team/roles-page.tsx'), 'RolesPage'),
});
const teamMember = createRoute({
  getParentRoute: () => frame,
  path: 'team/$userId',
  component: lazyRouteComponent(() => import('./team/user-page.tsx'), 'TeamMemberPage'),
});
const own = createRoute({
  getParentRoute: () => frame,
  path: 'me',
  component: lazyRouteComponent(() => import('./me/page.tsx'), 'OwnPage'),
});
const shortcuts = createRoute({
  getParentRoute: () => frame,
  path: 'keys',
  component: lazyRouteComponent(() => import('./shortcuts/page.tsx'), 'ShortcutsPage'),
});
const keys = createRoute({
  getParentRoute: () => frame,
  path: 'developers/keys',
  component: lazyRouteComponent(() => import('./keys/page.tsx'), 'KeysPage'),
});
const audit = createRoute({
  getParentRoute: () => frame,
  path: 'audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./audit/page.tsx'), 'AuditPage'),
});
const failedEvents = createRoute({
  getParentRoute: () => frame,
  path: 'events/failed',
  component: lazyRouteComponent(() => import('./failed-events/page.tsx'), 'FailedEventsPage'),
});
const settings = createRoute({
  getParentRoute: () => frame,
  path: 'settings',
  component: lazyRouteComponent(() => import('./settings/page.tsx'), 'SettingsPage'),
});
const companies = createRoute({
  getParentRoute: () => frame,
  path: 'companies',
  validateSearch: companiesSearch,
  component: lazyRouteComponent(() => import('./companies/page.tsx'), 'CompaniesPage'),
});

const customers = createRoute({
  getParentRoute: () => frame,
  path: 'customers',
  validateSearch: customersSearch,
  component: lazyRouteComponent(() => import('./customers/page.tsx'), 'CustomersPage'),
});

const complaints = createRoute({
  getParentRoute: () => frame,
  path: 'complaints',
  validateSearch: complaintsSearch,
  component: lazyRouteComponent(() => import('./complaints/page.tsx'), 'ComplaintsPage'),
});

const imports = createRoute({
  getParentRoute: () => frame,
  path: 'import',
  validateSearch: ({ page }: Record<string, unknown>): { page?: number | undefined } => ({ page: pageNumber(page) }),
  component: lazyRouteComponent(() => import('./imports/page.tsx'), 'ImportsPage'),
});
const importRecord = createRoute({
  getParentRoute: () => frame,
  path: 'import/$importId',
  component: lazyRouteComponent(() => import('./imports/import-page.tsx'), 'ImportPage'),
});

const customer = createRoute({
  getParentRoute: () => frame,
  path: 'customers/$customerId',
  validateSearch: customerSearch,
  component: lazyRouteComponent(() => import('./customer/page.tsx'), 'CustomerPage'),
});

const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    signInReturn,
    signInAgain,
    forgot,
    reset,
    invite,
    verify,
    changeEmail,
    frame.addChildren([
      today,
      customers,
      customer,
      complaints,
      imports,
      importRecord,
      products,
      product,
      analytics,
      team,
      roles,
      teamMember,
      own,
      shortcuts,
      keys,
      audit,
      failedEvents,
      settings,
      companies,
    ]),
  ]),
  basepath: '/console',
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

export const App = () => <RouterProvider router={router} />;
