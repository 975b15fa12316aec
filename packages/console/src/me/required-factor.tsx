import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { signOut } from '../api/session.ts';
import { SignInLayout } from '../sign-in/layout.tsx';
import { Toasts } from '../ui/toast.tsx';
import { FactorSetup } from './factor-setup.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

/** What somebody sees whose company requires a second factor, until there is one. */
export function RequiredFactor() {
  const { t } = useTranslation();
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <SignInLayout title={t('me.setUp')}>
      {codes ? (
        // The next token, by the cookie, is no longer limited.
        <RecoveryCodes codes={codes} onDone={() => location.reload()} />
      ) : (
        <>
          <p>{t('me.mustSetUp')}</p>
          <FactorSetup onCodes={setCodes} onCancel={() => void signOut()} />
        </>
      )}
      <Toasts />
    </SignInLayout>
  );
}
