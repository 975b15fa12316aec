import { ClientelaError } from '@clientela/client';
import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/query-client.ts';
import { acceptInvitationWithCode, factorTokenOf, signInWithCode } from '../api/sign-in.ts';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { FactorForm } from './factor-form.tsx';
import { findAttempt, forgetAttempt } from './provider-attempt.ts';
import { SignIn } from './sign-in.tsx';

const route = getRouteApi('/sign-in/return');

const problems = ['DENIED', 'EXPIRED', 'FAILED', 'NO_USER', 'PROVIDER_UNAVAILABLE', 'NOT_BEGUN', 'REFUSED'] as const;
type Problem = (typeof problems)[number];

/** Reads what a provider's sign-in came back with: from the fragment, which browsers send to nobody. */
function readReturn(search: { state?: string | undefined; to?: string | undefined }) {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const attempt = findAttempt();
  const isOurs = attempt !== undefined && attempt.state === search.state;
  const [code, error] = [fragment.get('code'), fragment.get('error')];
  // An account that belongs to nobody yet is what an invitation is for.
  const invitation = isOurs && error === 'OIDC_NO_USER' && code !== null ? attempt.invitation : undefined;
  if (invitation !== undefined) return { to: undefined, isOurs, invitation, problem: undefined, code };
  const known = problems.find((each) => `OIDC_${each}` === error) ?? 'FAILED';
  const problem: Problem | undefined = error !== null ? known : code !== null && !isOurs ? 'NOT_BEGUN' : undefined;
  return { to: attempt?.to ?? search.to, isOurs, invitation, problem, code: problem === undefined ? code : null };
}

/** Why the exchange of a code was refused. Undefined for a failure that has to do with the connection or the server. */
function refusalOf(error: unknown): Problem | undefined {
  if (!(error instanceof ClientelaError) || ![401, 422].includes(error.status)) return undefined;
  if (error.code === 'OIDC_NO_USER') return 'NO_USER';
  return error.status === 422 ? 'EXPIRED' : 'REFUSED';
}

/** Finishes the sign-in that this tab began at a provider. */
export const ReturnPage = () => (
  <QueryClientProvider client={queryClient}>
    <Return />
  </QueryClientProvider>
);

function Return() {
  const { t } = useTranslation();
  const router = useRouter();
  const search = route.useSearch();
  const [{ to, isOurs, invitation, problem, code }] = useState(() => readReturn(search));
  const isEmpty = code === null && problem === undefined;
  const { error, isFetching, refetch } = useQuery({
    queryKey: ['provider sign-in', code],
    queryFn: async () => {
      await (invitation === undefined ? signInWithCode(code ?? '') : acceptInvitationWithCode(invitation, code ?? ''));
      return true;
    },
    enabled: code !== null,
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  useEffect(() => {
    if (isOurs) forgetAttempt();
    // Takes the code out of the address and the history.
    const page = isEmpty ? '/sign-in' : '/sign-in/return';
    void router.navigate({ to: page, search: to === undefined ? {} : { to }, replace: true });
  }, [isEmpty, isOurs, to, router]);
  if (isEmpty) return null;
  const factorToken = factorTokenOf(error);
  const startAgain = () => void router.navigate({ to: '/sign-in', search: to === undefined ? {} : { to } });
  if (factorToken !== undefined)
    return <SignIn to={to} step={<FactorForm token={factorToken} onStartAgain={startAgain} />} />;
  if (code !== null && (isFetching || !error))
    return <SignIn to={to} step={<Notice>{t('signIn.signingIn')}</Notice>} />;
  const refusal = problem ?? refusalOf(error);
  return (
    <SignIn to={to}>
      {refusal ? (
        <Notice kind="error">{t(`signIn.problems.${refusal}`)}</Notice>
      ) : (
        <Failure error={error} onRetry={() => void refetch()} />
      )}
    </SignIn>
  );
}
