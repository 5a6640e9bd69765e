// « Ma position »: fills the form with where the phone is and sends it. Without it, one types an address.
const button = document.getElementById("locate");
if (button && "geolocation" in navigator) {
  const says = document.getElementById("locate-says");
  const form = document.getElementById("find");
  button.hidden = false;
  button.addEventListener("click", () => {
    says.textContent = says.dataset.asking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.address.value = "";
        form.elements.latitude.value = coords.latitude;
        form.elements.longitude.value = coords.longitude;
        form.requestSubmit();
      },
      () => { says.textContent = says.dataset.refused; },
      { timeout: 8000, maximumAge: 60000 },
    );
  });
}
