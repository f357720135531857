"""Makes the pictures of this folder with Pillow: the same 24x16 picture of four colours (red, green / blue, white) in every form.

Run in this folder: python make.py
"""
from PIL import Image, ImageOps

W, H = 24, 16
COLORS = {(0, 0): (220, 30, 30), (1, 0): (30, 180, 30), (0, 1): (30, 30, 220), (1, 1): (250, 250, 250)}


def picture():
    im = Image.new("RGB", (W, H))
    for y in range(H):
        for x in range(W):
            im.putpixel((x, y), COLORS[x * 2 // W, y * 2 // H])
    return im


# The inverse of what a viewer does for each orientation, so that every file looks like picture() when turned upright.
UNDO = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}

im = picture()
for n, undo in UNDO.items():
    turned = im.transpose(undo) if undo is not None else im
    exif = Image.Exif()
    exif[0x0110] = "a camera with a name that is longer than four bytes"
    exif[0x0112] = n
    turned.save(f"exif{n}.jpg", quality=95, subsampling=0, exif=exif)
    assert ImageOps.exif_transpose(Image.open(f"exif{n}.jpg")).size == (W, H)
exif = Image.Exif()
exif[0x0112] = 6
turned = im.transpose(UNDO[6])
turned.save("exif6.png", exif=exif)
turned.save("exif6.webp", lossless=True, exif=exif)
turned.save("exif6.tiff", tiffinfo={0x0112: 6})

im.save("plain.png")
im.save("plain.bmp")
im.save("plain.gif")
im.save("plain.webp", lossless=True)
im.save("lossy.webp", quality=95)
im.save("plain.tiff")
im.save("progressive.jpg", quality=95, subsampling=0, progressive=True)
im.save("subsampled.jpg", quality=95, subsampling=2)
im.convert("CMYK").save("cmyk.jpg", quality=95)
im.convert("P", palette=Image.Palette.ADAPTIVE).save("palette.png")
im.convert("L").save("grey.jpg", quality=95)
im.convert("L").save("grey.png")
im.convert("1").save("bits.png")
Image.frombytes("I;16", (W, H), b"".join((p * 257).to_bytes(2, "little") for p in im.convert("L").getdata())).save("grey16.png")
clear = im.convert("RGBA")
clear.putalpha(Image.new("L", (W, H), 0))
clear.save("transparent.png")
frames = [im, Image.new("RGB", (W, H), (0, 0, 0))]
frames[0].save("animated.gif", save_all=True, append_images=frames[1:], duration=100)
whole = open("exif1.jpg", "rb").read()
open("truncated.jpg", "wb").write(whole[: len(whole) * 2 // 3])
open("page.jpg", "w").write("<html><body>404 not found</body></html>\n")
open("empty.jpg", "w").close()
