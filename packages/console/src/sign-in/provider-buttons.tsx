import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import styles from './layout.module.css';
import { goToProvider, type Purpose } from './provider-attempt.ts';

type Provider = { name: string; title: string };

/** A button for each provider that is configured. There is none until they are known: the form works without. */
export function ProviderButtons({ purpose }: { purpose: Purpose }) {
  const { t } = useTranslation();
  const [providers, setProviders] = useState<readonly Provider[]>([]);
  const [chosen, setChosen] = useState<string>();
  useEffect(() => {
    api.auth.oidc.list().then(
      (found) => setProviders(found.providers),
      () => {},
    );
    const reset = () => setChosen(undefined); // the browser may bring the page back as it was left
    window.addEventListener('pageshow', reset);
    return () => window.removeEventListener('pageshow', reset);
  }, []);
  if (providers.length === 0) return null;
  return (
    <div className={styles.providers}>
      <p className={styles.or}>{t('signIn.or')}</p>
      {providers.map(({ name, title }) => (
        <Button
          key={name}
          look="wide"
          isPending={chosen === name}
          onPress={() => {
            setChosen(name);
            goToProvider(name, purpose);
          }}
        >
          {t('signIn.withProvider', { provider: title })}
        </Button>
      ))}
    </div>
  );
}
