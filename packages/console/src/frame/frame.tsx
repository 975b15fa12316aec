import { QueryClientProvider } from '@tanstack/react-query';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/query-client.ts';
import { idleMinutes, useSession, useUser, type Session, type User } from '../api/session.ts';
import { Toasts } from '../ui/toast.tsx';
import { useActingCompany } from './acting-company.ts';
import { CompanyNeeded } from './company-picker.tsx';
import styles from './frame.module.css';
import { navigation } from './navigation.ts';
import { ServicesBar } from './services-bar.tsx';
import { useShortcuts } from './shortcuts.ts';
import { SideBar } from './side-bar.tsx';
import { SignInAgain } from './sign-in-again.tsx';
import { TopBar } from './top-bar.tsx';
import { LimitedPage, StaffOnly } from './limited-pages.tsx';

const IdleSignOut = lazy(() => import('./idle-sign-out.tsx').then((module) => ({ default: module.IdleSignOut })));
const loadSearch = () => import('./search.tsx');
const Search = lazy(() => loadSearch().then((module) => ({ default: module.Search })));

const stored = 'clientela.side-bar';

/** The frame: side bar, top bar, what is away, and the screen. */
export function Frame() {
  const session = useSession();
  const navigate = useNavigate();
  const signedOut = session.state === 'signed-out' && !session.ended;
  useEffect(() => {
    if (signedOut) void navigate({ to: '/sign-in' });
  }, [signedOut, navigate]);
  const minutes = idleMinutes();
  if (signedOut) return null;
  return (
    <>
      <SignedIn session={session} />
      <Suspense>{minutes !== null && <IdleSignOut minutes={minutes} />}</Suspense>
    </>
  );
}

function SignedIn({ session }: { session: Session }) {
  const user = useUser();
  if (user.role === 'customer') return <StaffOnly />;
  if (session.state === 'signed-in' && session.limited !== undefined) return <LimitedPage limit={session.limited} />;
  return (
    <QueryClientProvider client={queryClient}>
      <Screens user={user} />
      {session.state === 'signed-out' && <SignInAgain email={user.email} />}
    </QueryClientProvider>
  );
}

function Screens({ user }: { user: User }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isCollapsed, setCollapsed] = useState(localStorage.getItem(stored) === 'collapsed');
  const [isSearching, setSearching] = useState(false);
  const company = useActingCompany();
  const content = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const openSearch = () => setSearching(true);
  useFocusOnNavigation(path, content);
  // Loaded ahead: letters that are typed while it loads would be lost.
  useEffect(() => void loadSearch().catch(() => {}), []);

  const allowed = navigation.filter(
    ({ permission }) => permission === undefined || user.permissions.includes(permission),
  );
  useShortcuts({
    '/': openSearch,
    'mod+k': openSearch,
    '?': () => void navigate({ to: '/keys' }),
    ...Object.fromEntries(allowed.map(({ to, key }) => [`g ${key}`, () => void navigate({ to })])),
  });
  const toggle = () => {
    localStorage.setItem(stored, isCollapsed ? 'open' : 'collapsed');
    setCollapsed(!isCollapsed);
  };
  const needsCompany = allowed.find(({ to }) => to !== undefined && isBelow(path, to))?.needsCompany ?? false;
  const isMissingCompany = user.role === 'superuser' && company === undefined && needsCompany;
  return (
    <div
      className={styles.frame}
      data-collapsed={isCollapsed || undefined}
      data-acting={(user.role === 'superuser' && company !== undefined) || undefined}
    >
      <a className={styles.skip} href="#content" onClick={() => content.current?.focus()}>
        {t('frame.skip')}
      </a>
      <SideBar items={allowed} isCollapsed={isCollapsed} onToggle={toggle} />
      <TopBar user={user} items={allowed} onSearch={openSearch} />
      <div className={styles.main}>
        <ServicesBar />
        <main id="content" className={styles.content} ref={content} tabIndex={-1}>
          {isMissingCompany ? <CompanyNeeded /> : <Outlet key={company} />}
        </main>
      </div>
      <Suspense>{isSearching && <Search items={allowed} onClose={() => setSearching(false)} />}</Suspense>
      <Toasts />
    </div>
  );
}

const isBelow = (path: string, to: string) =>
  to === '/' ? /^(\/console)?\/?$/.test(path) : path.replace(/^\/console/, '').startsWith(to);

/** Moves the focus to the content of a new address, so that screen readers and the keyboard begin there. */
function useFocusOnNavigation(path: string, content: React.RefObject<HTMLElement | null>): void {
  const first = useRef(path);
  useEffect(() => {
    if (first.current === path) return;
    first.current = '';
    content.current?.focus({ preventScroll: true });
  }, [path, content]);
}
