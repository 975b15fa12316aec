import type { Language, MailKind } from './schema.ts';

/** `lines` precede the link, `end` follows it. `{email}` stands for the new address of the user, `{company}` for the name of the
 * company. */
export type MailText = { subject: string; lines: readonly string[]; button?: string; end: readonly string[] };
type Texts = Readonly<Record<MailKind, MailText>> & { greeting: { named: string; anonymous: string } };

/** The texts of all mails. Names and addresses are the only values in them. */
export const texts: Readonly<Record<Language, Texts>> = {
  en: {
    greeting: { named: 'Hello {name},', anonymous: 'Hello,' },
    verify_email: {
      subject: 'Confirm your e-mail address',
      lines: ['Please confirm that this is your e-mail address.'],
      button: 'Confirm address',
      end: ['The link is valid for 24 hours.', 'If you did not ask for this, ignore this mail.'],
    },
    reset_password: {
      subject: 'Choose a new password',
      lines: ['Somebody, probably you, asked for a new password for your account.'],
      button: 'Choose a new password',
      end: [
        'The link is valid for one hour and works once.',
        'If you did not ask for this, ignore this mail: your password stays as it is.',
      ],
    },
    password_reset: {
      subject: 'Your password was changed',
      lines: [
        'A new password was set for your account by a link that was sent to this address. You were signed out everywhere.',
      ],
      end: ['If this was not you, ask for a new password at once and tell your administrator.'],
    },
    change_email: {
      subject: 'Confirm your new e-mail address',
      lines: ['Please confirm that your account shall use this e-mail address from now on.'],
      button: 'Use this address',
      end: [
        'The link is valid for 24 hours. Until you confirm, nothing changes.',
        'If you did not ask for this, ignore this mail.',
      ],
    },
    email_change_requested: {
      subject: 'A new e-mail address for your account',
      lines: ['Somebody who knows your password asked that your account use the address {email} from now on.'],
      end: [
        'It changes when that address is confirmed. If this was not you, change your password at once: that also stops the change.',
      ],
    },
    email_changed: {
      subject: 'The e-mail address of your account was changed',
      lines: ['An administrator changed the e-mail address of your account to {email}.'],
      end: ['If you did not expect this, ask your administrator.'],
    },
    invitation: {
      subject: 'You are invited to join {company}',
      lines: ['You are invited to join {company}. Follow the link to choose your password.'],
      button: 'Accept the invitation',
      end: ['The link is valid for 7 days.', 'If you did not expect this, ignore this mail.'],
    },
    mfa_enabled: {
      subject: 'Your second factor was turned on',
      lines: [
        'From now on signing in to your account asks for a code of your authenticator app. You were signed out everywhere else.',
      ],
      end: ['If this was not you, change your password at once and tell your administrator.'],
    },
    mfa_disabled: {
      subject: 'Your second factor was turned off',
      lines: ['Signing in to your account no longer asks for a code of your authenticator app.'],
      end: ['If this was not you, change your password at once and tell your administrator.'],
    },
    mfa_removed: {
      subject: 'Your second factor was removed',
      lines: [
        'An administrator removed the second factor of your account, so that the password alone is enough to sign in. You were signed out everywhere.',
      ],
      end: [
        'Set up your authenticator app again after you have signed in. If you did not ask for this, change your password at once and ask your administrator.',
      ],
    },
  },
  es: {
    greeting: { named: 'Hola, {name}:', anonymous: 'Hola:' },
    verify_email: {
      subject: 'Confirma tu dirección de correo',
      lines: ['Confirma, por favor, que esta es tu dirección de correo electrónico.'],
      button: 'Confirmar la dirección',
      end: ['El enlace vale 24 horas.', 'Si no lo has pedido tú, ignora este mensaje.'],
    },
    reset_password: {
      subject: 'Elige una contraseña nueva',
      lines: ['Alguien, probablemente tú, ha pedido una contraseña nueva para tu cuenta.'],
      button: 'Elegir contraseña',
      end: [
        'El enlace vale una hora y sirve una sola vez.',
        'Si no lo has pedido tú, ignora este mensaje: tu contraseña sigue igual.',
      ],
    },
    password_reset: {
      subject: 'Se ha cambiado tu contraseña',
      lines: [
        'Se ha puesto una contraseña nueva a tu cuenta con un enlace enviado a esta dirección. Se han cerrado todas tus sesiones.',
      ],
      end: ['Si no has sido tú, pide enseguida una contraseña nueva y avisa a tu administrador.'],
    },
    change_email: {
      subject: 'Confirma tu nueva dirección de correo',
      lines: ['Confirma, por favor, que tu cuenta usará esta dirección de correo desde ahora.'],
      button: 'Usar esta dirección',
      end: [
        'El enlace vale 24 horas. Hasta que confirmes no cambia nada.',
        'Si no lo has pedido tú, ignora este mensaje.',
      ],
    },
    email_change_requested: {
      subject: 'Una nueva dirección de correo para tu cuenta',
      lines: ['Alguien que conoce tu contraseña ha pedido que tu cuenta use la dirección {email} desde ahora.'],
      end: [
        'Cambiará cuando se confirme esa dirección. Si no has sido tú, cambia tu contraseña enseguida: eso también detiene el cambio.',
      ],
    },
    email_changed: {
      subject: 'Se ha cambiado la dirección de correo de tu cuenta',
      lines: ['Un administrador ha cambiado la dirección de correo de tu cuenta a {email}.'],
      end: ['Si no lo esperabas, pregunta a tu administrador.'],
    },
    invitation: {
      subject: 'Te invitan a unirte a {company}',
      lines: ['Te invitan a unirte a {company}. Sigue el enlace para elegir tu contraseña.'],
      button: 'Aceptar la invitación',
      end: ['El enlace vale 7 días.', 'Si no lo esperabas, ignora este mensaje.'],
    },
    mfa_enabled: {
      subject: 'Se ha activado tu segundo factor',
      lines: [
        'Desde ahora, para entrar en tu cuenta se pedirá un código de tu aplicación de autenticación. Se han cerrado todas tus demás sesiones.',
      ],
      end: ['Si no has sido tú, cambia tu contraseña enseguida y avisa a tu administrador.'],
    },
    mfa_disabled: {
      subject: 'Se ha desactivado tu segundo factor',
      lines: ['Para entrar en tu cuenta ya no se pide un código de tu aplicación de autenticación.'],
      end: ['Si no has sido tú, cambia tu contraseña enseguida y avisa a tu administrador.'],
    },
    mfa_removed: {
      subject: 'Se ha quitado tu segundo factor',
      lines: [
        'Un administrador ha quitado el segundo factor de tu cuenta, de modo que basta la contraseña para entrar. Se han cerrado todas tus sesiones.',
      ],
      end: [
        'Configura de nuevo tu aplicación de autenticación después de entrar. Si no lo has pedido tú, cambia tu contraseña enseguida y pregunta a tu administrador.',
      ],
    },
  },
  pt: {
    greeting: { named: 'Olá, {name},', anonymous: 'Olá,' },
    verify_email: {
      subject: 'Confirme o seu endereço de e-mail',
      lines: ['Confirme, por favor, que este é o seu endereço de e-mail.'],
      button: 'Confirmar endereço',
      end: ['O link é válido por 24 horas.', 'Se não fez este pedido, ignore esta mensagem.'],
    },
    reset_password: {
      subject: 'Escolha uma nova senha',
      lines: ['Alguém, provavelmente você, pediu uma nova senha para a sua conta.'],
      button: 'Escolher nova senha',
      end: [
        'O link é válido por uma hora e funciona uma só vez.',
        'Se não fez este pedido, ignore esta mensagem: a sua senha continua a mesma.',
      ],
    },
    password_reset: {
      subject: 'A sua senha foi alterada',
      lines: [
        'Foi definida uma nova senha para a sua conta por um link enviado a este endereço. Todas as suas sessões foram encerradas.',
      ],
      end: ['Se não foi você, peça já uma nova senha e avise o seu administrador.'],
    },
    change_email: {
      subject: 'Confirme o seu novo endereço de e-mail',
      lines: ['Confirme, por favor, que a sua conta passará a usar este endereço de e-mail.'],
      button: 'Usar este endereço',
      end: ['O link é válido por 24 horas. Até confirmar, nada muda.', 'Se não fez este pedido, ignore esta mensagem.'],
    },
    email_change_requested: {
      subject: 'Um novo endereço de e-mail para a sua conta',
      lines: ['Alguém que conhece a sua senha pediu que a sua conta passe a usar o endereço {email}.'],
      end: [
        'A mudança ocorre quando esse endereço for confirmado. Se não foi você, altere já a sua senha: isso também impede a mudança.',
      ],
    },
    email_changed: {
      subject: 'O endereço de e-mail da sua conta foi alterado',
      lines: ['Um administrador alterou o endereço de e-mail da sua conta para {email}.'],
      end: ['Se não esperava isto, fale com o seu administrador.'],
    },
    invitation: {
      subject: 'Convite para participar em {company}',
      lines: ['Recebeu um convite para participar em {company}. Siga o link para escolher a sua senha.'],
      button: 'Aceitar o convite',
      end: ['O link é válido por 7 dias.', 'Se não esperava isto, ignore esta mensagem.'],
    },
    mfa_enabled: {
      subject: 'O seu segundo fator foi ativado',
      lines: [
        'A partir de agora, para entrar na sua conta será pedido um código do seu aplicativo de autenticação. As suas outras sessões foram encerradas.',
      ],
      end: ['Se não foi você, altere já a sua senha e avise o seu administrador.'],
    },
    mfa_disabled: {
      subject: 'O seu segundo fator foi desativado',
      lines: ['Para entrar na sua conta já não é pedido um código do seu aplicativo de autenticação.'],
      end: ['Se não foi você, altere já a sua senha e avise o seu administrador.'],
    },
    mfa_removed: {
      subject: 'O seu segundo fator foi removido',
      lines: [
        'Um administrador removeu o segundo fator da sua conta, de modo que basta a senha para entrar. Todas as suas sessões foram encerradas.',
      ],
      end: [
        'Configure de novo o seu aplicativo de autenticação depois de entrar. Se não fez este pedido, altere já a sua senha e fale com o seu administrador.',
      ],
    },
  },
  ro: {
    greeting: { named: 'Bună ziua, {name},', anonymous: 'Bună ziua,' },
    verify_email: {
      subject: 'Confirmați adresa de e-mail',
      lines: ['vă rugăm să confirmați că aceasta este adresa dumneavoastră de e-mail.'],
      button: 'Confirmați adresa',
      end: ['Linkul este valabil 24 de ore.', 'Dacă nu ați cerut acest lucru, ignorați mesajul.'],
    },
    reset_password: {
      subject: 'Alegeți o parolă nouă',
      lines: ['cineva, probabil dumneavoastră, a cerut o parolă nouă pentru contul dumneavoastră.'],
      button: 'Alegeți parola nouă',
      end: [
        'Linkul este valabil o oră și funcționează o singură dată.',
        'Dacă nu ați cerut acest lucru, ignorați mesajul: parola rămâne aceeași.',
      ],
    },
    password_reset: {
      subject: 'Parola dumneavoastră a fost schimbată',
      lines: [
        'pentru contul dumneavoastră a fost stabilită o parolă nouă printr-un link trimis la această adresă. Toate sesiunile au fost închise.',
      ],
      end: ['Dacă nu ați fost dumneavoastră, cereți imediat o parolă nouă și anunțați administratorul.'],
    },
    change_email: {
      subject: 'Confirmați noua adresă de e-mail',
      lines: ['vă rugăm să confirmați că de acum contul dumneavoastră va folosi această adresă de e-mail.'],
      button: 'Folosiți această adresă',
      end: [
        'Linkul este valabil 24 de ore. Până la confirmare nu se schimbă nimic.',
        'Dacă nu ați cerut acest lucru, ignorați mesajul.',
      ],
    },
    email_change_requested: {
      subject: 'O nouă adresă de e-mail pentru contul dumneavoastră',
      lines: ['cineva care vă cunoaște parola a cerut ca de acum contul dumneavoastră să folosească adresa {email}.'],
      end: [
        'Schimbarea are loc când adresa este confirmată. Dacă nu ați fost dumneavoastră, schimbați imediat parola: aceasta oprește și schimbarea.',
      ],
    },
    email_changed: {
      subject: 'Adresa de e-mail a contului dumneavoastră a fost schimbată',
      lines: ['un administrator a schimbat adresa de e-mail a contului dumneavoastră în {email}.'],
      end: ['Dacă nu vă așteptați la aceasta, întrebați administratorul.'],
    },
    invitation: {
      subject: 'Invitație la {company}',
      lines: ['sunteți invitat să vă alăturați la {company}. Urmați linkul pentru a vă alege parola.'],
      button: 'Acceptați invitația',
      end: ['Linkul este valabil 7 zile.', 'Dacă nu vă așteptați la aceasta, ignorați mesajul.'],
    },
    mfa_enabled: {
      subject: 'Al doilea factor a fost activat',
      lines: [
        'de acum, la autentificarea în contul dumneavoastră se cere un cod din aplicația de autentificare. Celelalte sesiuni au fost închise.',
      ],
      end: ['Dacă nu ați fost dumneavoastră, schimbați imediat parola și anunțați administratorul.'],
    },
    mfa_disabled: {
      subject: 'Al doilea factor a fost dezactivat',
      lines: ['la autentificarea în contul dumneavoastră nu se mai cere un cod din aplicația de autentificare.'],
      end: ['Dacă nu ați fost dumneavoastră, schimbați imediat parola și anunțați administratorul.'],
    },
    mfa_removed: {
      subject: 'Al doilea factor a fost eliminat',
      lines: [
        'un administrator a eliminat al doilea factor al contului dumneavoastră, astfel încât parola este suficientă pentru autentificare. Toate sesiunile au fost închise.',
      ],
      end: [
        'Configurați din nou aplicația de autentificare după ce intrați în cont. Dacă nu ați cerut acest lucru, schimbați imediat parola și întrebați administratorul.',
      ],
    },
  },
  ru: {
    greeting: { named: 'Здравствуйте, {name}!', anonymous: 'Здравствуйте!' },
    verify_email: {
      subject: 'Подтвердите адрес электронной почты',
      lines: ['Подтвердите, пожалуйста, что это ваш адрес электронной почты.'],
      button: 'Подтвердить адрес',
      end: ['Ссылка действует 24 часа.', 'Если вы этого не запрашивали, не обращайте внимания на это письмо.'],
    },
    reset_password: {
      subject: 'Задайте новый пароль',
      lines: ['Кто-то, вероятно вы, запросил новый пароль для вашей учётной записи.'],
      button: 'Задать новый пароль',
      end: [
        'Ссылка действует один час и срабатывает один раз.',
        'Если вы этого не запрашивали, не обращайте внимания на это письмо: пароль останется прежним.',
      ],
    },
    password_reset: {
      subject: 'Ваш пароль изменён',
      lines: [
        'Для вашей учётной записи задан новый пароль по ссылке, отправленной на этот адрес. Все ваши сеансы завершены.',
      ],
      end: ['Если это были не вы, сразу запросите новый пароль и сообщите администратору.'],
    },
    change_email: {
      subject: 'Подтвердите новый адрес электронной почты',
      lines: ['Подтвердите, пожалуйста, что теперь ваша учётная запись будет использовать этот адрес.'],
      button: 'Использовать этот адрес',
      end: [
        'Ссылка действует 24 часа. До подтверждения ничего не изменится.',
        'Если вы этого не запрашивали, не обращайте внимания на это письмо.',
      ],
    },
    email_change_requested: {
      subject: 'Новый адрес электронной почты для вашей учётной записи',
      lines: ['Кто-то, кто знает ваш пароль, попросил, чтобы ваша учётная запись использовала адрес {email}.'],
      end: [
        'Адрес изменится, когда его подтвердят. Если это были не вы, сразу смените пароль: это отменит и изменение адреса.',
      ],
    },
    email_changed: {
      subject: 'Адрес электронной почты вашей учётной записи изменён',
      lines: ['Администратор изменил адрес электронной почты вашей учётной записи на {email}.'],
      end: ['Если вы этого не ожидали, обратитесь к администратору.'],
    },
    invitation: {
      subject: 'Приглашение в {company}',
      lines: ['Вас приглашают присоединиться к {company}. Перейдите по ссылке, чтобы задать пароль.'],
      button: 'Принять приглашение',
      end: ['Ссылка действует 7 дней.', 'Если вы этого не ожидали, не обращайте внимания на это письмо.'],
    },
    mfa_enabled: {
      subject: 'Второй фактор включён',
      lines: [
        'Теперь при входе в вашу учётную запись запрашивается код из приложения-аутентификатора. Остальные ваши сеансы завершены.',
      ],
      end: ['Если это были не вы, сразу смените пароль и сообщите администратору.'],
    },
    mfa_disabled: {
      subject: 'Второй фактор отключён',
      lines: ['При входе в вашу учётную запись код из приложения-аутентификатора больше не запрашивается.'],
      end: ['Если это были не вы, сразу смените пароль и сообщите администратору.'],
    },
    mfa_removed: {
      subject: 'Второй фактор удалён',
      lines: [
        'Администратор удалил второй фактор вашей учётной записи: теперь для входа достаточно пароля. Все ваши сеансы завершены.',
      ],
      end: [
        'После входа настройте приложение-аутентификатор заново. Если вы этого не запрашивали, сразу смените пароль и обратитесь к администратору.',
      ],
    },
  },
};
