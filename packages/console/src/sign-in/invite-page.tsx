import { ClientelaError } from '@clientela/client';
import { QueryClientProvider, useQuery } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { acceptInvitation } from '../api/sign-in.ts';
import { roleText } from '../frame/roles.ts';
import { ProviderButtons } from './provider-buttons.tsx';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { Notice } from '../ui/notice.tsx';
import { PasswordField } from '../ui/password-field.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { TextField } from '../ui/text-field.tsx';
import styles from './layout.module.css';
import { SignInLayout } from './layout.tsx';
import { useLinkToken } from './link-token.ts';
import { useSubmit } from '../forms/use-submit.ts';

/** Shows who invites, and makes the account. */
export const InvitePage = () => (
  <QueryClientProvider client={queryClient}>
    <Invitation />
  </QueryClientProvider>
);

function Invitation() {
  const { t } = useTranslation();
  const token = useLinkToken();
  const { data: invitation, error } = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => api.auth.invitations.lookUp({ token: token ?? '' }),
    enabled: token !== undefined,
    staleTime: Infinity,
  });
  return (
    <SignInLayout
      title={t('signIn.inviteLoading')}
      heading={invitation ? t('signIn.inviteTitle', { company: invitation.company_name }) : t('signIn.inviteLoading')}
    >
      {token === undefined && <Notice kind="error">{t('signIn.noToken')}</Notice>}
      {error && <Failure error={error} />}
      {token !== undefined && !error && !invitation && <Skeleton />}
      {token !== undefined && invitation && (
        <>
          <p className={styles.hint}>
            {t('signIn.inviteHint', { role: roleText(invitation.role, t), email: invitation.email })}
          </p>
          <JoinForm token={token} email={invitation.email} known={invitation.name ?? ''} />
        </>
      )}
      <div className={styles.links}>
        <Link to="/sign-in">{t('signIn.backToSignIn')}</Link>
      </div>
      {token !== undefined && invitation && <ProviderButtons purpose={{ invitation: token }} />}
    </SignInLayout>
  );
}

function JoinForm({ token, email, known }: { token: string; email: string; known: string }) {
  const { t } = useTranslation();
  const router = useRouter();
  const [name, setName] = useState(known);
  const [password, setPassword] = useState('');
  const { submit, error, isBusy } = useSubmit(async () => {
    await acceptInvitation(token, name, password);
    await router.navigate({ to: '/' });
  });
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    void submit();
  };
  const { name: nameError, password: passwordError } = error instanceof ClientelaError ? error.fields : {};
  const isAtField = nameError !== undefined || passwordError !== undefined; // or at none, such as a link that is used up
  return (
    <form className={styles.form} onSubmit={onSubmit} noValidate>
      <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
      <TextField
        label={t('signIn.yourName')}
        autoComplete="name"
        value={name}
        onChange={setName}
        error={nameError}
        isRequired
        autoFocus
      />
      <PasswordField
        label={t('common.password')}
        description={t('signIn.passwordHint')}
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        error={passwordError}
        isRequired
      />
      {error !== undefined && !isAtField && <Failure error={error} />}
      <Button type="submit" look={['primary', 'wide']} isPending={isBusy}>
        {t('signIn.join')}
      </Button>
    </form>
  );
}
