import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import styles from './layout.module.css';
import { SignInLayout } from './layout.tsx';
import { useLinkToken } from './link-token.ts';

/** Spends the token of a mail's link at once: whoever opens the page has clicked the link. */
function SpendToken({
  purpose,
  spend,
  done,
}: {
  purpose: string;
  spend: (token: string) => Promise<unknown>;
  done: string;
}) {
  const { t } = useTranslation();
  const token = useLinkToken();
  const { isSuccess, error } = useQuery({
    queryKey: [purpose, token],
    queryFn: () => spend(token ?? ''),
    enabled: token !== undefined,
    staleTime: Infinity,
  });
  return (
    <SignInLayout title={t('signIn.verifyTitle')}>
      {token === undefined && <Notice kind="error">{t('signIn.noToken')}</Notice>}
      {error && <Failure error={error} />}
      {isSuccess && <Notice kind="success">{done}</Notice>}
      {token !== undefined && !error && !isSuccess && <Notice>{t('signIn.verifying')}</Notice>}
      <div className={styles.links}>
        <Link to="/">{t('signIn.toConsole')}</Link>
      </div>
    </SignInLayout>
  );
}

export function VerifyPage() {
  const { t } = useTranslation();
  return (
    <QueryClientProvider client={queryClient}>
      <SpendToken
        purpose="verify-email"
        spend={(token) => api.auth.verifyEmail({ token })}
        done={t('signIn.verified')}
      />
    </QueryClientProvider>
  );
}

export function ChangeEmailPage() {
  const { t } = useTranslation();
  const spend = (token: string) => api.auth.changeEmail.confirm({ token });
  return (
    <QueryClientProvider client={queryClient}>
      <SpendToken purpose="change-email" spend={spend} done={t('signIn.changedEmail')} />
    </QueryClientProvider>
  );
}
