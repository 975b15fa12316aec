import { useTranslation } from 'react-i18next';
import { ProviderButtons } from '../sign-in/provider-buttons.tsx';
import { SignInForm } from '../sign-in/sign-in-form.tsx';
import { Dialog } from '../ui/dialog.tsx';

/** Sign-in over the page: the session ended under somebody's work, which stays as it is. */
export function SignInAgain({ email }: { email: string }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('signIn.again')} isOpen isDismissable={false} isKeyboardDismissDisabled onClose={() => {}}>
      <p>{t('signIn.againHint')}</p>
      <SignInForm email={email} />
      <ProviderButtons purpose={{ to: '/console/sign-in/again' }} inOtherTab />
    </Dialog>
  );
}
