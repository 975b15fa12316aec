import { Link, useRouter } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { startSession, useSession } from '../api/session.ts';
import styles from './layout.module.css';
import { SignInLayout } from './layout.tsx';
import { forgetAttempt } from './provider-attempt.ts';
import { ProviderButtons } from './provider-buttons.tsx';
import { SignInForm } from './sign-in-form.tsx';

/** Only paths of the console: no other site, and no scheme. */
const pathOf = (to: string | undefined): string =>
  to !== undefined && /^\/console\/(?![/\\])/.test(to) ? to : '/console/';

/**
 * The ways to sign in, below `children`, and then to `to`.
 * @param step stands in place of these ways while a sign-in goes on
 */
export function SignIn({ to, step, children }: { to: string | undefined; step?: ReactNode; children?: ReactNode }) {
  const { t } = useTranslation();
  const router = useRouter();
  const { state } = useSession();
  const hasStep = step !== undefined;
  useEffect(() => {
    if (state === 'unknown' && !hasStep) startSession().catch(() => {}); // somebody who is signed in needs no form
    if (state !== 'signed-in') return;
    forgetAttempt();
    router.history.replace(pathOf(to));
  }, [state, hasStep, to, router]);
  return (
    <SignInLayout title={t('signIn.title')} heading={t('signIn.heading')}>
      {children}
      {step ?? (
        <>
          <SignInForm />
          <div className={styles.links}>
            <Link to="/forgot">{t('signIn.forgot')}</Link>
          </div>
          <ProviderButtons purpose={{ to }} />
        </>
      )}
    </SignInLayout>
  );
}
