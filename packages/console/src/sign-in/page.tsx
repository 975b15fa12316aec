import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { startSession, useSession } from '../api/session.ts';
import styles from './layout.module.css';
import { SignInLayout } from './layout.tsx';
import { SignInForm } from './sign-in-form.tsx';

const route = getRouteApi('/sign-in');

/** Only paths of the console: no other site, and no scheme. */
const pathOf = (to: string | undefined): string =>
  to !== undefined && /^\/console\/(?![/\\])/.test(to) ? to : '/console/';

export function SignInPage() {
  const { t } = useTranslation();
  const { to } = route.useSearch();
  const router = useRouter();
  const session = useSession();
  const { state } = session;
  useEffect(() => {
    if (state === 'unknown') startSession().catch(() => {}); // somebody who is signed in needs no form
    if (state === 'signed-in') router.history.replace(pathOf(to));
  }, [state, to, router]);
  return (
    <SignInLayout title={t('signIn.title')} heading={t('signIn.heading')}>
      {session.state === 'signed-out' && session.unreached && <p role="status">{t('frame.signOutFailed')}</p>}
      {session.state === 'signed-out' && session.idle && <p role="status">{t('idle.ended')}</p>}
      <SignInForm />
      <div className={styles.links}>
        <Link to="/forgot">{t('signIn.forgot')}</Link>
      </div>
    </SignInLayout>
  );
}
