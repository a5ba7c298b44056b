"""What people call our fields and states in English, German, French and Spanish."""

import re
import unicodedata
from collections.abc import Mapping
from typing import TypeVar

from leadlight.leads.lead import LeadStatus

K = TypeVar("K", bound=str)

_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def simplify(text: str) -> str:
    """Letters and digits alone, whatever case, accents, punctuation and spaces: `E-Mail *` and `email` are one."""
    if text.isascii():
        return _NOT_PLAIN.sub("", text.lower())
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join([letter for letter in apart if letter.isalnum()])  # an accent, taken apart, is no letter


def _by_simple_name(names: Mapping[K, str]) -> dict[str, K]:
    """From each of the names, by comma, to what it is filed under."""
    return {simplify(name): key for key, line in names.items() for name in line.split(",")}


HEADERS: Mapping[str, str] = _by_simple_name(
    {
        "email": "email, email address, email 1, email 1 value, primary email, work email, business email,"
        " contact email, your email, mail, mail address, e-mailadresse, mailadresse, email adresse, email geschäftlich,"
        " geschäftliche e-mail, ihre e-mail, ihre e-mail-adresse, elektronische post, courriel, adresse courriel,"
        " adresse email, adresse mail, adresse électronique, adresse de courriel, email professionnel, votre email,"
        " mél, correo, correo electrónico, correo-e, dirección de correo, dirección de correo electrónico,"
        " dirección de email, dirección email, e-mail de contacto, tu correo electrónico",
        "firstName": "first name, fname, given name, forename, christian name, contact first name, vorname, rufname,"
        " vornamen, prénom, prénoms, votre prénom, primer nombre, nombre de pila, nombres",
        "lastName": "last name, lname, surname, family name, contact last name, nachname, familienname,"
        " zuname, nom de famille, votre nom de famille, apellido, apellidos, primer apellido",
        "name": "full name, display name, contact name, person name, lead name, your name,"
        " first and last name, name and surname, vollständiger name, ganzer name, vor- und nachname,"
        " vorname und nachname, vorname nachname, name des kontakts, kontaktname, ansprechpartner, ansprechpartnerin,"
        " ihr name, nom complet, nom et prénom, prénom et nom, nom prénom, prénom nom, nom du contact, votre nom,"
        " nombre completo, nombre y apellido, nombre y apellidos, nombre del contacto, nombre de contacto, tu nombre",
        "phone": "phone, phone number, phone no, phone 1, phone 1 value, primary phone, telephone, telephone number,"
        " telephone no, tel, tel no, mobile, mobile phone, mobile number, mobile phone number, mobile no, cell,"
        " cell phone, cell number, cellphone number, cellular, work phone, work phone number, business phone,"
        " business phone number, company phone, office phone, home phone, direct phone, contact phone, contact number,"
        " your phone, telefon, telefonnummer, telefon nr, telefonnr, tel nr, telnr, telefon geschäftlich,"
        " telefon privat, telefon mobil, telefon 1, festnetz, festnetznummer, rufnummer, handy, handynummer, handynr,"
        " mobil, mobilnummer, mobiltelefon, mobiltelefonnummer, mobilfunknummer, durchwahl, ihre telefonnummer,"
        " numéro de téléphone, téléphone portable, téléphone mobile, téléphone fixe, téléphone professionnel,"
        " numéro de portable, numéro de mobile, n° de téléphone, portable, gsm, votre téléphone, teléfono,"
        " número de teléfono, n.º de teléfono, teléfono móvil, teléfono fijo, teléfono celular, teléfono de contacto,"
        " teléfono de trabajo, móvil, número de móvil, celular, número de celular, tu teléfono",
        "source": "source, lead source, source of lead, original source, original traffic source, contact source,"
        " lead channel, origin, quelle, leadquelle, quelle des leads, herkunft, herkunft des leads,"
        " source du lead, source du prospect, provenance, origine, origine du lead, origine du contact, origen,"
        " origen del lead, origen del contacto, origen del cliente potencial, fuente, fuente del lead, procedencia",
        "status": "status, lead status, status of lead, contact status, leadstatus, status des leads, kontaktstatus,"
        " statut, statut du lead, statut du prospect, statut du contact, estado, estatus, estado del lead,"
        " estado del contacto, estado del cliente potencial",
        "followUpAt": "follow up at, follow-up at, follow up date, follow-up date, next follow up, next follow-up,"
        " wiedervorlage, wiedervorlage am, wiedervorlagedatum, date de relance, prochaine relance, relance le,"
        " fecha de seguimiento, próximo seguimiento",
        "followUpNote": "follow up note, follow-up note, notiz zur wiedervorlage, note de relance, nota de seguimiento",
        "createdAt": "created at, created, created on, created date, create date, created time, creation date,"
        " creation time, date created, time created, date of creation, date added, added on, added at, submitted at,"
        " submission date, erstellt am, erstellt, erstelldatum, erstellungsdatum, erstellungszeit, angelegt am,"
        " anlagedatum, anlegedatum, hinzugefügt am, créé le, crée le, date de création, créé, ajouté le, date d'ajout,"
        " creado el, creado, fecha de creación, fecha creación, fecha de alta, añadido el, fecha de registro",
    }
)
"""The target of a column, by its simplified header."""

NAMES_OF_EITHER_KIND = frozenset({"name", "nom", "nombre"})
"""The whole name where they stand alone; beside a first name the last one, and beside a last name the first."""

STATUSES: Mapping[str, LeadStatus] = _by_simple_name(
    {
        LeadStatus.NEW: "new, open, not contacted, uncontacted, untouched, neu, offen, nicht kontaktiert, unbearbeitet,"
        " noch nicht kontaktiert, nouveau, nouvelle, ouvert, non contacté, non contactée, à contacter, pas contacté,"
        " nuevo, nueva, abierto, abierta, no contactado, no contactada, sin contactar, por contactar",
        LeadStatus.CONTACTED: "contacted, attempted to contact, attempted, in contact, in progress, working, connected,"
        " reached, kontaktiert, angesprochen, angerufen, in kontakt, in bearbeitung, kontaktversuch, contacté,"
        " contactée, en cours, en contact, en cours de traitement, contactado, contactada, en contacto, en curso,"
        " en proceso, en progreso",
        LeadStatus.QUALIFIED: "qualified, pre-qualified, sales qualified, sales qualified lead, sql, opportunity,"
        " qualifiziert, vorqualifiziert, qualifié, qualifiée, préqualifié, cualificado, cualificada, calificado,"
        " calificada, precalificado",
        LeadStatus.CONVERTED: "converted, won, closed won, customer, client, konvertiert, gewonnen, umgewandelt, kunde,"
        " kundin, abgeschlossen gewonnen, converti, convertie, gagné, gagnée, convertido, convertida, ganado, ganada,"
        " cliente",
        LeadStatus.LOST: "lost, closed lost, unqualified, not qualified, disqualified, not interested, bad fit, junk,"
        " rejected, dead, verloren, abgeschlossen verloren, unqualifiziert, nicht qualifiziert, disqualifiziert,"
        " kein interesse, abgelehnt, abgesagt, perdu, perdue, non qualifié, non qualifiée, disqualifié, pas intéressé,"
        " pas intéressée, refusé, rejeté, perdido, perdida, no cualificado, no calificado, descalificado, descartado,"
        " no interesado, no interesada, rechazado",
        LeadStatus.FOLLOW_UP: "follow up, follow-up, to follow up, following up, nurture, nurturing, bad timing,"
        " call back, contact in future, contact later, wiedervorlage, nachfassen, nachverfolgen, später kontaktieren,"
        " rückruf, rueckruf, suivi, à suivre, relance, à relancer, relancer, à rappeler, rappeler, à recontacter,"
        " seguimiento, en seguimiento, hacer seguimiento, dar seguimiento, volver a contactar, volver a llamar",
    }
)
"""The state that a word stands for, by its simplified form."""
