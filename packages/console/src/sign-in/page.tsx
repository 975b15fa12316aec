import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/session.ts';
import { SignIn } from './sign-in.tsx';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { t } = useTranslation();
  const { to } = route.useSearch();
  const session = useSession();
  return (
    <SignIn to={to}>
      {session.state === 'signed-out' && session.unreached && <p role="status">{t('frame.signOutFailed')}</p>}
      {session.state === 'signed-out' && session.idle && <p role="status">{t('idle.ended')}</p>}
    </SignIn>
  );
}
