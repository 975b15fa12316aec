import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, signOut, useUser } from '../api/session.ts';
import { SignInLayout } from '../sign-in/layout.tsx';
import { useSubmit } from '../forms/use-submit.ts';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';

const RequiredFactor = lazy(() =>
  import('../me/required-factor.tsx').then((module) => ({ default: module.RequiredFactor })),
);

/** What somebody sees who has the account of a customer. */
export function StaffOnly() {
  const { t } = useTranslation();
  return (
    <SignInLayout title={t('frame.staffOnly')}>
      <p>{t('frame.staffOnlyHint')}</p>
      <Button onPress={() => void signOut()}>{t('frame.signOut')}</Button>
    </SignInLayout>
  );
}

/** What somebody sees whose token is limited until they have done something. */
export function LimitedPage({ limit }: { limit: string }) {
  const { t } = useTranslation();
  const { email } = useUser();
  const [isSent, setSent] = useState(false);
  const { submit, error, isBusy } = useSubmit(async () => {
    await api.auth.verifyEmail.request();
    setSent(true);
  });
  if (limit === 'mfa_setup')
    return (
      <Suspense>
        <RequiredFactor />
      </Suspense>
    );
  if (limit !== 'verify_email') return <StaffOnly />;
  return (
    <SignInLayout title={t('signIn.verifyTitle')}>
      <p>{t('signIn.requestVerification', { email })}</p>
      {isSent && <Notice kind="success">{t('signIn.resent')}</Notice>}
      {error !== undefined && <Failure error={error} />}
      <Button look={['primary', 'wide']} onPress={() => void submit()} isPending={isBusy}>
        {t('signIn.resend')}
      </Button>
      <Button onPress={() => void signOut()}>{t('frame.signOut')}</Button>
    </SignInLayout>
  );
}
